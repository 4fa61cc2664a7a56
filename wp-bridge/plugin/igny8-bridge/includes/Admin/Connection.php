<?php
/**
 * How the site is connected.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

/**
 * The upper part of the page: with whom the site is paired, and what the last examination found.
 */
final class Connection {

	/**
	 * Prints it.
	 *
	 * @param array      $pairing  As stored.
	 * @param array|null $overview Of the service, when it answered.
	 */
	public static function render( array $pairing, ?array $overview ): void {
		printf( '<h2>%s</h2><p>', esc_html__( 'Connection', 'igny8-bridge' ) );
		echo esc_html(
			sprintf(
				/* translators: 1: a host name, 2: a date, 3: a user's name. */
				__( 'Linked with %1$s since %2$s; articles are published as %3$s.', 'igny8-bridge' ),
				Service::host(),
				self::date( (int) $pairing['paired_at'] ),
				self::user( (int) $pairing['user_id'] )
			)
		);
		if ( ! empty( $overview['site']['requires_approval'] ) ) {
			echo ' ' . esc_html__( 'Nothing becomes public that no person approved.', 'igny8-bridge' );
		}
		if ( ! empty( $overview['site']['publish_per_day'] ) ) {
			/* translators: %d: how many articles. */
			echo ' ' . esc_html( sprintf( _n( '%d new article a day becomes public.', '%d new articles a day become public.', (int) $overview['site']['publish_per_day'], 'igny8-bridge' ), (int) $overview['site']['publish_per_day'] ) );
		}
		echo '</p>';
		if ( null !== $overview ) {
			self::findings( $overview['examination'] ?? null );
		}
	}

	/**
	 * Prints what the doctor found.
	 *
	 * @param array|null $examination The last, if there was one.
	 */
	private static function findings( ?array $examination ): void {
		if ( null === $examination ) {
			printf( '<p>%s</p>', esc_html__( 'This site has not been examined yet.', 'igny8-bridge' ) );
		} else {
			$failed = array_filter(
				$examination['checks'],
				static function ( array $check ): bool {
					return false === $check['ok'];
				}
			);
			echo '<p>' . esc_html(
				sprintf(
					/* translators: 1: how many checks, 2: how many found something, 3: a date and time. */
					__( '%1$d checks were made, %2$d found something (%3$s).', 'igny8-bridge' ),
					count( $examination['checks'] ),
					count( $failed ),
					self::date( (int) strtotime( $examination['at'] ) )
				)
			) . '</p>';
			self::table( $failed );
		}
		if ( current_user_can( AdminPage::EXAMINE ) ) {
			AdminPage::open_form( AdminPage::EXAMINE_HOOK, AdminPage::EXAMINE_HOOK );
			printf( '<p><button class="button">%s</button></p></form>', esc_html__( 'Examine the site', 'igny8-bridge' ) );
		}
	}

	/**
	 * Prints findings with their remedies.
	 *
	 * @param array $failed Checks.
	 */
	private static function table( array $failed ): void {
		if ( array() === $failed ) {
			return;
		}
		printf(
			'<table class="widefat striped"><thead><tr><th scope="col">%s</th><th scope="col">%s</th></tr></thead><tbody>',
			esc_html__( 'What was found', 'igny8-bridge' ),
			esc_html__( 'What to do', 'igny8-bridge' )
		);
		foreach ( $failed as $check ) {
			printf( '<tr><td>%s</td><td>%s</td></tr>', esc_html( (string) $check['cause'] ), esc_html( (string) $check['remedy'] ) );
		}
		echo '</tbody></table>';
	}

	/**
	 * A moment as this site writes it.
	 *
	 * @param int $time Seconds since 1970.
	 */
	public static function date( int $time ): string {
		return (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time );
	}

	/**
	 * A user's name.
	 *
	 * @param int $id The user.
	 */
	private static function user( int $id ): string {
		$user = get_userdata( $id );
		return $user ? $user->display_name : __( 'a user who is no more', 'igny8-bridge' );
	}
}
