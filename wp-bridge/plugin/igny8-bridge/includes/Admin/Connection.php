<?php
/**
 * Connection section of the admin page.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

/**
 * Prints the link to igny8 and the results of the last site check.
 */
final class Connection {

	/**
	 * Prints the section.
	 *
	 * @param array      $pairing  The pairing.
	 * @param array|null $overview Overview from igny8, or null if it did not respond.
	 */
	public static function render( array $pairing, ?array $overview ): void {
		printf( '<h2>%s</h2><p>', esc_html__( 'Connection', 'igny8-bridge' ) );
		echo esc_html(
			sprintf(
				/* translators: 1: host name, 2: date and time, 3: display name of a user. */
				__( 'Linked to %1$s since %2$s. Articles are published as %3$s.', 'igny8-bridge' ),
				Service::host(),
				self::date( (int) $pairing['paired_at'] ),
				self::user( (int) $pairing['user_id'] )
			)
		);
		if ( ! empty( $overview['site']['requires_approval'] ) ) {
			echo ' ' . esc_html__( 'Articles are published only after approval.', 'igny8-bridge' );
		}
		if ( ! empty( $overview['site']['publish_per_day'] ) ) {
			/* translators: %d: number of articles. */
			echo ' ' . esc_html( sprintf( _n( 'Up to %d new article is published per day.', 'Up to %d new articles are published per day.', (int) $overview['site']['publish_per_day'], 'igny8-bridge' ), (int) $overview['site']['publish_per_day'] ) );
		}
		echo '</p>';
		if ( null !== $overview ) {
			self::print_check( $overview['examination'] ?? null );
		}
	}

	/**
	 * Prints the results of the last site check and the button to run it.
	 *
	 * @param array|null $examination The last site check, or null.
	 */
	private static function print_check( ?array $examination ): void {
		if ( null === $examination ) {
			printf( '<p>%s</p>', esc_html__( 'The site check has not been run yet.', 'igny8-bridge' ) );
		} else {
			$failed = array_filter(
				$examination['checks'],
				static function ( array $check ): bool {
					return false === $check['ok'];
				}
			);
			echo '<p>' . esc_html(
				sprintf(
					/* translators: 1: number of checks, 2: number of failed checks, 3: date and time. */
					__( 'Site check of %3$s: %1$d checks run, %2$d failed.', 'igny8-bridge' ),
					count( $examination['checks'] ),
					count( $failed ),
					self::date( (int) strtotime( $examination['at'] ) )
				)
			) . '</p>';
			self::print_failed( $failed );
		}
		if ( current_user_can( AdminPage::CHECK_CAP ) ) {
			AdminPage::open_form( AdminPage::CHECK_HOOK, AdminPage::CHECK_HOOK );
			printf( '<p><button class="button">%s</button></p></form>', esc_html__( 'Run site check', 'igny8-bridge' ) );
		}
	}

	/**
	 * Prints the failed checks with their remedies.
	 *
	 * @param array $failed The failed checks.
	 */
	private static function print_failed( array $failed ): void {
		if ( array() === $failed ) {
			return;
		}
		printf(
			'<table class="widefat striped"><thead><tr><th scope="col">%s</th><th scope="col">%s</th></tr></thead><tbody>',
			esc_html__( 'Problem', 'igny8-bridge' ),
			esc_html__( 'Solution', 'igny8-bridge' )
		);
		foreach ( $failed as $check ) {
			printf( '<tr><td>%s</td><td>%s</td></tr>', esc_html( (string) $check['cause'] ), esc_html( (string) $check['remedy'] ) );
		}
		echo '</tbody></table>';
	}

	/**
	 * Formats a date and time with the settings of this site.
	 *
	 * @param int $time Unix timestamp.
	 */
	public static function date( int $time ): string {
		return (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time );
	}

	/**
	 * Returns the display name of a user.
	 *
	 * @param int $id The user ID.
	 */
	private static function user( int $id ): string {
		$user = get_userdata( $id );
		return $user ? $user->display_name : __( 'a deleted user', 'igny8-bridge' );
	}
}
