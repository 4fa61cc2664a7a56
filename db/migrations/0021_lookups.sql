-- What the platform role looks up without an account.
CREATE INDEX "sites_id" ON "sites" USING btree ("id");--> statement-breakpoint
CREATE INDEX "images_path" ON "images" USING btree ("image_path");--> statement-breakpoint
CREATE INDEX "run_steps_open" ON "run_steps" USING btree ("state","kind") WHERE state in ('waiting', 'pending', 'running');
