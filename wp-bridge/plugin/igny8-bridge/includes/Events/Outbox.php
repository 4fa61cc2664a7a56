<?php
/**
 * Events on their way to the service.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Signature\Webhook;
use Igny8\Bridge\Tables;

/**
 * Keeps events until the service has taken them. WP-Cron sends them, each with the post as it stands at
 * that moment and the time of that, so that it does not matter in which order they arrive.
 */
final class Outbox {

	/** Sends what was just queued, and every hour what is left. */
	const SEND_HOOK  = 'igny8_bridge_send';
	const SWEEP_HOOK = 'igny8_bridge_sweep';

	const BATCH = 20;

	/** Another request leaves an event alone for so long, in seconds: longer than the sending may take. */
	const LEASE = 60;

	const TIMEOUT   = 10;
	const MAX_DELAY = 6 * HOUR_IN_SECONDS;

	/** An event that the service has not taken by then is given up, and people are told. */
	const KEPT = 3 * DAY_IN_SECONDS;

	/** How many events were given up, and why the last one was. */
	const LOST_OPTION = 'igny8_bridge_lost';

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_action( 'init', array( self::class, 'keep_swept' ) );
		add_action( self::SEND_HOOK, array( self::class, 'send' ) );
		add_action( self::SWEEP_HOOK, array( self::class, 'sweep' ) );
	}

	/**
	 * Queues an event, unless the same is waiting already.
	 *
	 * @param string $type    Such as post.edited.
	 * @param int    $post_id The post.
	 * @param string $key     The article's key.
	 */
	public static function add( string $type, int $post_id, string $key ): void {
		global $wpdb;
		$body  = wp_json_encode( compact( 'type', 'post_id', 'key' ) );
		$table = Tables::name( 'igny8_outbox' );
		// phpcs:ignore WordPress.DB -- a table of our own.
		if ( $wpdb->get_var( $wpdb->prepare( "SELECT id FROM $table WHERE body = %s AND attempts = 0", $body ) ) ) {
			return;
		}
		$wpdb->insert( // phpcs:ignore WordPress.DB.DirectDatabaseQuery
			$table,
			array(
				'webhook_id' => 'wp_' . wp_generate_uuid4(),
				'body'       => $body,
				'due_at'     => time(),
				'created_at' => time(),
			)
		);
		self::schedule( time() );
	}

	/**
	 * Sends what is due.
	 */
	public static function send(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_outbox' );
		// phpcs:ignore WordPress.DB -- a table of our own.
		$events = $wpdb->get_results( $wpdb->prepare( "SELECT * FROM $table WHERE due_at <= %d ORDER BY id LIMIT %d", time(), self::BATCH ) );
		foreach ( $events as $event ) {
			// An attempt counts before it is made; of two requests at once one gets it.
			// phpcs:ignore WordPress.DB
			$mine = $wpdb->query( $wpdb->prepare( "UPDATE $table SET attempts = attempts + 1, due_at = %d WHERE id = %d AND attempts = %d", time() + self::LEASE, $event->id, $event->attempts ) );
			if ( 1 === $mine ) {
				self::deliver( $event );
			}
		}
		$next = $wpdb->get_var( "SELECT MIN(due_at) FROM $table" ); // phpcs:ignore WordPress.DB
		if ( null !== $next ) {
			self::schedule( max( (int) $next, time() ) );
		}
	}

	/**
	 * Once an hour: what a request left behind, and what is kept no longer.
	 */
	public static function sweep(): void {
		self::send();
		self::give_up();
		SeenWebhooks::sweep();
	}

	/**
	 * Gives up what the service has not taken for too long, and notes it for wp-admin.
	 */
	private static function give_up(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_outbox' );
		$until = time() - self::KEPT;
		// phpcs:disable WordPress.DB -- a table of our own.
		$error = $wpdb->get_var( $wpdb->prepare( "SELECT last_error FROM $table WHERE created_at < %d ORDER BY id DESC LIMIT 1", $until ) );
		$count = (int) $wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE created_at < %d", $until ) );
		// phpcs:enable
		if ( $count > 0 ) {
			$lost = get_option( self::LOST_OPTION );
			update_option(
				self::LOST_OPTION,
				array(
					'count' => $count + (int) ( $lost['count'] ?? 0 ),
					'error' => (string) $error,
				),
				false
			);
		}
	}

	/**
	 * Sends one event and forgets it when it was taken.
	 *
	 * @param object $event A row of the table.
	 */
	private static function deliver( object $event ): void {
		global $wpdb;
		$table   = Tables::name( 'igny8_outbox' );
		$pairing = Pairing::get();
		if ( null === $pairing ) {
			$wpdb->delete( $table, array( 'id' => $event->id ) ); // phpcs:ignore WordPress.DB
			return;
		}
		$answer = self::post( $pairing['events_url'], $event->webhook_id, self::body( $event ) );
		$status = (int) wp_remote_retrieve_response_code( $answer );
		if ( $status >= 200 && $status < 300 ) {
			$wpdb->delete( $table, array( 'id' => $event->id ) ); // phpcs:ignore WordPress.DB
			return;
		}
		$wpdb->update( // phpcs:ignore WordPress.DB
			$table,
			array(
				'due_at'     => time() + min( self::MAX_DELAY, 30 * 2 ** min( (int) $event->attempts, 12 ) ),
				'last_error' => substr( is_wp_error( $answer ) ? $answer->get_error_message() : "HTTP $status", 0, 500 ),
			),
			array( 'id' => $event->id )
		);
	}

	/**
	 * A signed request to the service.
	 *
	 * @param string $url     Where to.
	 * @param string $id      The value of webhook-id.
	 * @param string $body    JSON.
	 * @param int    $timeout In seconds.
	 * @return array|\WP_Error
	 */
	public static function post( string $url, string $id, string $body, int $timeout = self::TIMEOUT ) {
		$keys = Pairing::keys();
		$time = time();
		return wp_safe_remote_post(
			$url,
			array(
				'timeout'             => $timeout,
				'redirection'         => 0,
				'limit_response_size' => 1024 * 1024,
				'body'                => $body,
				'headers'             => array(
					'content-type'      => 'application/json',
					'webhook-id'        => $id,
					'webhook-timestamp' => (string) $time,
					'webhook-signature' => Webhook::sign( (string) reset( $keys ), $id, $time, $body ),
				),
			)
		);
	}

	/**
	 * The event with the post as it stands.
	 *
	 * @param object $event A row of the table.
	 */
	private static function body( object $event ): string {
		$queued = json_decode( $event->body, true );
		// Before the post is read: of two events the one that was read later wins.
		$now = microtime( true );
		wp_cache_delete( $queued['post_id'], 'posts' );
		$post = get_post( $queued['post_id'] );
		if ( $post && ClaimedPost::key_of( $post ) !== $queued['key'] ) {
			$post = null;
		}
		return wp_json_encode(
			array(
				'type'      => $queued['type'],
				'timestamp' => gmdate( 'Y-m-d\TH:i:s\Z', (int) $event->created_at ),
				'data'      => array(
					'as_of'     => gmdate( 'Y-m-d\TH:i:s', (int) $now ) . sprintf( '.%03dZ', (int) ( $now * 1000 ) % 1000 ),
					'key'       => $queued['key'],
					'post_id'   => $queued['post_id'],
					'wp_status' => $post ? $post->post_status : null,
					'post_url'  => $post ? get_permalink( $post ) : null,
				),
			)
		);
	}

	/**
	 * Has WP-Cron send.
	 *
	 * @param int $at Seconds since 1970.
	 */
	private static function schedule( int $at ): void {
		$planned = wp_next_scheduled( self::SEND_HOOK );
		if ( $planned && $planned <= $at ) {
			return;
		}
		wp_unschedule_hook( self::SEND_HOOK );
		wp_schedule_single_event( $at, self::SEND_HOOK );
	}

	/**
	 * Has WP-Cron sweep every hour. Deactivating the plugin ends that, and may leave events behind.
	 */
	public static function keep_swept(): void {
		if ( ! wp_next_scheduled( self::SWEEP_HOOK ) ) {
			wp_schedule_event( time(), 'hourly', self::SWEEP_HOOK );
		}
	}
}
